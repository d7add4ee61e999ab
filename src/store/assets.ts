import { hash } from 'node:crypto';
import {
  idPropertyOf,
  type AssetContent,
  type AssetKind,
  type AssetVersion,
} from '../domain/engines/asset.js';
import { refuseUsedUp } from '../domain/counter.js';
import { cached, type BoundedCache } from '../bounded-cache.js';
import type { Caches } from './caches.js';
import { readEach, required, type Db } from './database/database.js';

export interface StoredAssetVersion extends AssetVersion {
  /** The position of the asset in the order of creation. */
  readonly position: number;
  readonly contentKey: number;
}

/** The key by which other tables refer to a version of an asset. */
export interface AssetReference {
  readonly version: number;
  readonly contentKey: number;
}

/** The name of an asset: its workspace, kind and id. */
export interface AssetName {
  readonly workspaceId: number;
  readonly kind: AssetKind;
  readonly id: string;
}

export interface NewAssetVersion {
  readonly content: AssetContent;
  readonly baseVersion: number | null;
  readonly modifiedAt: number;
}

/** The engine that a version of an agent names. */
export interface EnginePin {
  readonly agentId: string;
  /** Null if the version names none. */
  readonly engineVersion: number | null;
}

/** A page of assets, the latest version of each. */
export interface AssetPage {
  readonly workspaceId: number;
  readonly kind: AssetKind;
  /** The position of the last asset of the previous page; undefined for the first page. */
  readonly after: number | undefined;
  /** The maximum number; all if undefined. */
  readonly limit: number | undefined;
  readonly order: 'ascending' | 'descending';
}

/** Versions of all assets of a kind. */
export interface AssetVersionPage {
  readonly workspaceId: number;
  readonly kind: AssetKind;
  /** Only versions that come after this one; all if absent. */
  readonly after?: Pick<StoredAssetVersion, 'position' | 'version'> | undefined;
  /** The maximum number; all if absent. */
  readonly limit?: number | undefined;
}

export interface AssetReader {
  /** A version; the latest if none is named. */
  refer(asset: AssetName, version?: number): AssetReference | undefined;
  /** The same with its content. */
  find(asset: AssetName, version?: number): StoredAssetVersion | undefined;
  /** The published version with the highest number. */
  findLatestPublished(asset: AssetName): StoredAssetVersion | undefined;
  /** The engines by which versions of agents name this one, in the order of the agents. */
  listPins(engine: AssetName): EnginePin[];
  getContent(contentKey: number): AssetContent;
  /** The JSON of a content. */
  getContentText(contentKey: number): string;
  nextVersion(asset: AssetName): number;
  // These lists are read row by row, because each row may be large.
  /** The versions of one asset, newest first. */
  listVersions(asset: AssetName): Iterable<StoredAssetVersion>;
  countVersions(asset: AssetName): number;
  /** The versions of all assets, newest first. */
  listAllVersions(page: AssetVersionPage): Iterable<StoredAssetVersion>;
  listPage(page: AssetPage): Iterable<StoredAssetVersion>;
  /** The bytes of the content of all versions of all assets. */
  size(workspaceId: number): number;
}

export interface AssetWriter extends AssetReader {
  /** Inserts an asset whose first version has this number. */
  insert(asset: AssetName, first: NewAssetVersion, version?: number): void;
  /** Stores a content once, even if it is used several times. Returns its key. */
  keepContent(workspaceId: number, content: AssetContent): number;
  /** Adds a version with the next number, or with this one, which must not exist. Returns its number. */
  addVersion(asset: AssetName, added: NewAssetVersion, version?: number): number;
  change(asset: AssetName, version: number, content: AssetContent, modifiedAt: number): void;
  publish(asset: AssetName, version: number, modifiedAt: number): void;
  /** Raises the number of the next version to this one, unless it is higher already. */
  raiseNextVersion(asset: AssetName, next: number): void;
  deleteVersion(asset: AssetName, version: number): void;
  /** Deletes the asset with all its versions. Returns false if there is no such asset. */
  delete(asset: AssetName): boolean;
}

type Row = Omit<StoredAssetVersion, 'content' | 'isPublished'> & {
  content: string;
  isPublished: 0 | 1;
};

const selectVersions = `
  SELECT assets.asset_key AS position, asset_id AS id, version, content,
         asset_versions.content_key AS contentKey, base_version AS baseVersion,
         is_published AS isPublished, modified_at AS modifiedAt
  FROM assets
  JOIN asset_versions ON asset_versions.asset_key = assets.asset_key
  JOIN asset_contents ON asset_contents.content_key = asset_versions.content_key`;

const isNamed = 'assets.workspace_id = :workspaceId AND kind = :kind AND asset_id = :id';
const ofNamed = `asset_key = (SELECT asset_key FROM assets WHERE ${isNamed})`;

/** What the contents that are kept in memory have together as JSON. */
const maxCachedCharacters = 2_000_000;

export function assetStore(db: Db, caches: Caches): AssetWriter {
  const find = db.prepare<AssetName & { version: number | null }, Row>(
    `${selectVersions} WHERE ${isNamed} AND (:version IS NULL OR version = :version)
     ORDER BY version DESC LIMIT 1`,
  );
  const findLatestPublished = db.prepare<AssetName, Row>(
    `${selectVersions} WHERE ${isNamed} AND is_published = 1 ORDER BY version DESC LIMIT 1`,
  );
  const listPins = db.prepare<AssetName & { idPath: string }, EnginePin>(
    `SELECT asset_id AS agentId, content ->> '$.response_engine.version' AS engineVersion
     FROM assets
     JOIN asset_versions ON asset_versions.asset_key = assets.asset_key
     JOIN asset_contents ON asset_contents.content_key = asset_versions.content_key
     WHERE assets.workspace_id = :workspaceId AND kind = 'agent'
       AND content ->> '$.response_engine.type' = :kind AND content ->> :idPath = :id
     ORDER BY assets.asset_key`,
  );
  const getContent = db
    .prepare<{ contentKey: number }, string>(
      'SELECT content FROM asset_contents WHERE content_key = :contentKey',
    )
    .pluck();
  const listVersions = db.prepare<AssetName, Row>(
    `${selectVersions} WHERE ${isNamed} ORDER BY version DESC`,
  );
  const countVersions = db
    .prepare<AssetName, number>(`SELECT COUNT(*) FROM asset_versions WHERE ${ofNamed}`)
    .pluck();
  const size = db
    .prepare<{ workspaceId: number }, number>(
      `SELECT COALESCE(SUM(octet_length(content)), 0)
       FROM asset_versions
       JOIN asset_contents ON asset_contents.content_key = asset_versions.content_key
       WHERE asset_versions.workspace_id = :workspaceId`,
    )
    .pluck();
  const listAllVersions = db.prepare<
    { workspaceId: number; kind: AssetKind; position: number; version: number; limit: number },
    Row
  >(
    `${selectVersions}
     WHERE assets.workspace_id = :workspaceId AND kind = :kind
       AND (assets.asset_key, version) < (:position, :version)
     ORDER BY assets.asset_key DESC, version DESC LIMIT :limit`,
  );
  const preparePage = (comparison: string, order: string) =>
    db.prepare<{ workspaceId: number; kind: AssetKind; after: number; limit: number }, Row>(
      `${selectVersions}
       WHERE assets.workspace_id = :workspaceId AND kind = :kind
         AND assets.asset_key ${comparison} :after
         AND version = (SELECT MAX(version) FROM asset_versions AS others
                        WHERE others.asset_key = assets.asset_key)
       ORDER BY assets.asset_key ${order} LIMIT :limit`,
    );
  const listPage = { ascending: preparePage('>', 'ASC'), descending: preparePage('<', 'DESC') };
  const references = caches.create<string, AssetReference | 'none'>();
  // hot path: calls of one agent read the same again and again. A content never changes.
  const contents = caches.createSized<number, AssetContent>(maxCachedCharacters);

  return {
    ...assetWriter(db, () => {
      references.clear();
    }),
    refer: referenceFinder(db, references),
    find(asset, version) {
      const row = find.get({ ...asset, version: version ?? null });
      return row && toVersion(row);
    },
    findLatestPublished(asset) {
      const row = findLatestPublished.get(asset);
      return row && toVersion(row);
    },
    listPins: (engine) =>
      listPins.all({ ...engine, idPath: `$.response_engine.${idPropertyOf[engine.kind]}` }),
    getContent(contentKey) {
      const known = contents.get(contentKey);
      if (known !== undefined) return known;
      const text = required(getContent.get({ contentKey }));
      const content = JSON.parse(text) as AssetContent;
      contents.set(contentKey, content, { size: text.length });
      return content;
    },
    getContentText: (contentKey) => required(getContent.get({ contentKey })),
    listVersions: (asset) => readEach(() => listVersions.iterate(asset), toVersion),
    countVersions: (asset) => required(countVersions.get(asset)),
    size: (workspaceId) => required(size.get({ workspaceId })),
    listAllVersions({ workspaceId, kind, after, limit = -1 }) {
      const { position, version } = after ?? { position: Number.MAX_SAFE_INTEGER, version: 0 };
      const range = { workspaceId, kind, position, version, limit };
      return readEach(() => listAllVersions.iterate(range), toVersion);
    },
    listPage({ order, after, limit = -1, ...page }) {
      const first = order === 'ascending' ? 0 : Number.MAX_SAFE_INTEGER;
      const range = { ...page, limit, after: after ?? first };
      return readEach(() => listPage[order].iterate(range), toVersion);
    },
  };
}

/**
 * hot path: every batch looks up its engine, and most batches name an unknown one. Every change of versions
 * clears the cache.
 */
function referenceFinder(
  db: Db,
  references: BoundedCache<string, AssetReference | 'none'>,
): AssetReader['refer'] {
  const refer = db.prepare<AssetName & { version: number | null }, AssetReference>(
    `SELECT version, content_key AS contentKey
     FROM assets
     JOIN asset_versions ON asset_versions.asset_key = assets.asset_key
     WHERE ${isNamed} AND (:version IS NULL OR version = :version)
     ORDER BY version DESC LIMIT 1`,
  );
  return (asset, version) => {
    const { workspaceId, kind, id } = asset;
    const key = `${String(workspaceId)} ${kind} ${id} ${String(version)}`;
    const find = () => refer.get({ ...asset, version: version ?? null }) ?? 'none';
    const reference = cached(references, key, find);
    return reference === 'none' ? undefined : reference;
  };
}

/** @param onWrite called before a reference may change. */
function assetWriter(db: Db, onWrite: () => void) {
  const insert = db.prepare<AssetName & { nextVersion: number }>(
    `INSERT INTO assets (workspace_id, kind, asset_id, next_version)
     VALUES (:workspaceId, :kind, :id, :nextVersion)`,
  );
  const keepContent = contentKeeper(db);
  const insertVersion = db.prepare<
    AssetName & Omit<NewAssetVersion, 'content'> & { version: number; contentKey: number }
  >(
    `INSERT INTO asset_versions (asset_key, version, workspace_id, content_key, base_version,
                                 modified_at)
     SELECT asset_key, :version, :workspaceId, :contentKey, :baseVersion, :modifiedAt
     FROM assets WHERE ${isNamed}`,
  );
  const nextVersion = db
    .prepare<AssetName, number>(`SELECT next_version FROM assets WHERE ${isNamed}`)
    .pluck();
  const raiseNextVersion = db.prepare<AssetName & { next: number }>(
    `UPDATE assets SET next_version = MAX(next_version, :next) WHERE ${isNamed}`,
  );
  const change = db.prepare<
    AssetName & { version: number; contentKey: number; modifiedAt: number }
  >(
    `UPDATE asset_versions SET content_key = :contentKey, modified_at = :modifiedAt
     WHERE ${ofNamed} AND version = :version`,
  );
  const publish = db.prepare<AssetName & { version: number; modifiedAt: number }>(
    `UPDATE asset_versions SET is_published = 1, modified_at = :modifiedAt
     WHERE ${ofNamed} AND version = :version`,
  );
  const deleteVersion = db.prepare<AssetName & { version: number }>(
    `DELETE FROM asset_versions WHERE ${ofNamed} AND version = :version`,
  );
  const remove = db.prepare<AssetName>(`DELETE FROM assets WHERE ${isNamed}`);

  const addVersion: AssetWriter['addVersion'] = (asset, { content, ...added }, given) => {
    const version = given ?? required(nextVersion.get(asset));
    refuseUsedUp(version, `version of ${asset.id}`);
    const contentKey = keepContent(asset.workspaceId, content);
    onWrite();
    insertVersion.run({ ...asset, ...added, version, contentKey });
    raiseNextVersion.run({ ...asset, next: version + 1 });
    return version;
  };
  return {
    insert(asset: AssetName, first: NewAssetVersion, version = 0) {
      insert.run({ ...asset, nextVersion: version + 1 });
      addVersion(asset, first, version);
    },
    addVersion,
    keepContent,
    change(asset: AssetName, version: number, content: AssetContent, modifiedAt: number) {
      const contentKey = keepContent(asset.workspaceId, content);
      onWrite();
      change.run({ ...asset, version, contentKey, modifiedAt });
    },
    publish: (asset: AssetName, version: number, modifiedAt: number) =>
      publish.run({ ...asset, version, modifiedAt }),
    nextVersion: (asset: AssetName) => required(nextVersion.get(asset)),
    raiseNextVersion: (asset: AssetName, next: number) => raiseNextVersion.run({ ...asset, next }),
    deleteVersion(asset: AssetName, version: number) {
      onWrite();
      deleteVersion.run({ ...asset, version });
    },
    delete(asset: AssetName) {
      onWrite();
      return remove.run(asset).changes > 0;
    },
  };
}

/** Stores a content once, even if it is used several times. Returns its key. */
function contentKeeper(db: Db): (workspaceId: number, content: AssetContent) => number {
  const find = db
    .prepare<{ workspaceId: number; sha256: string }, number>(
      `SELECT content_key FROM asset_contents
       WHERE workspace_id = :workspaceId AND sha256 = :sha256`,
    )
    .pluck();
  const insert = db.prepare<{ workspaceId: number; sha256: string; content: string }>(
    `INSERT INTO asset_contents (workspace_id, sha256, content)
     VALUES (:workspaceId, :sha256, :content)`,
  );
  return (workspaceId, value) => {
    const content = JSON.stringify(value);
    const sha256 = hash('sha256', content);
    return (
      find.get({ workspaceId, sha256 }) ??
      Number(insert.run({ workspaceId, sha256, content }).lastInsertRowid)
    );
  };
}

const toVersion = ({ content, isPublished, ...row }: Row): StoredAssetVersion => ({
  ...row,
  content: JSON.parse(content) as AssetContent,
  isPublished: isPublished === 1,
});
