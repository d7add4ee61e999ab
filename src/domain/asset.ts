/** What comes in versions. */
export const assetKinds = ['retell-llm', 'conversation-flow', 'agent'] as const;
export type AssetKind = (typeof assetKinds)[number];

/** What a version says, as clients gave it: known properties and others. */
export type AssetContent = Readonly<Record<string, unknown>>;

export interface AssetVersion {
  readonly id: string;
  readonly version: number;
  readonly content: AssetContent;
  /** The version that it was copied from. */
  readonly baseVersion: number | null;
  /** A published version is not changed any more. */
  readonly isPublished: boolean;
  /** In milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** The property that holds the id on the wire. */
export const idPropertyOf = {
  'retell-llm': 'llm_id',
  'conversation-flow': 'conversation_flow_id',
  agent: 'agent_id',
} as const satisfies Record<AssetKind, string>;

/** What the emulator says of a version, and no client. */
const ownProperties = new Set<string>([
  ...Object.values(idPropertyOf),
  'version',
  'base_version',
  'is_published',
  'last_modification_timestamp',
  'next_version',
]);

/** What a client says, without what is not a client's to say. */
export const saidContent = (input: object): AssetContent =>
  Object.fromEntries(Object.entries(input).filter(([name]) => !ownProperties.has(name)));

/** A version as clients see it. */
export function toWireVersion(kind: AssetKind, asset: AssetVersion): Record<string, unknown> {
  const { id, version, content, baseVersion, isPublished, modifiedAt } = asset;
  return {
    [idPropertyOf[kind]]: id,
    version,
    ...(kind === 'agent' && { base_version: baseVersion }),
    is_published: isPublished,
    ...content,
    last_modification_timestamp: modifiedAt,
  };
}
