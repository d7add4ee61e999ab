/** Assets: the kinds of objects that have versions. */
export const assetKinds = ['retell-llm', 'conversation-flow', 'agent'] as const;
export type AssetKind = (typeof assetKinds)[number];

/** What an agent does. Voice agents and chat agents share ids, versions and lists. */
export type Channel = 'voice' | 'chat';

/** The content of a version as clients sent it: known properties and others. */
export type AssetContent = Readonly<Record<string, unknown>>;

export const channelOf = (content: AssetContent): Channel =>
  content['channel'] === 'chat' ? 'chat' : 'voice';

export interface AssetVersion {
  readonly id: string;
  readonly version: number;
  readonly content: AssetContent;
  /** The version that this one was copied from. */
  readonly baseVersion: number | null;
  /** A published version does not change any more. */
  readonly isPublished: boolean;
  /** In milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** The property of the id on the wire. */
export const idPropertyOf = {
  'retell-llm': 'llm_id',
  'conversation-flow': 'conversation_flow_id',
  agent: 'agent_id',
} as const satisfies Record<AssetKind, string>;

/** Properties that only the emulator sets. */
const ownProperties = new Set<string>([
  ...Object.values(idPropertyOf),
  'version',
  'base_version',
  'is_published',
  'last_modification_timestamp',
  'next_version',
]);

/** A client's content without the properties that only the emulator sets. */
export const clientContent = (input: object): AssetContent =>
  Object.fromEntries(Object.entries(input).filter(([name]) => !ownProperties.has(name)));

/** A version in its wire shape. */
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
