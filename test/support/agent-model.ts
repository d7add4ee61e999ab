/**
 * What becomes of agents and their engines, said a second time and without a database: maps of plain
 * objects, and every rule in a line or two.
 */
export type Refusal = readonly [status: number, message: RegExp];
export type VersionArgument = number | 'latest' | 'latest_published' | 'no-such-tag' | undefined;

interface Engine {
  readonly kind: 'retell-llm' | 'conversation-flow';
  readonly versions: Map<number, { says: string; published: boolean; base: number | null }>;
  highest: number;
}

export interface AgentVersion {
  name: string;
  title: string | undefined;
  published: boolean;
  readonly base: number | null;
  /** Undefined for an engine that is not here, and is named without a version. */
  engineVersion: number | undefined;
}

interface Agent {
  /** `custom` for a custom LLM. */
  readonly engineId: string;
  readonly versions: Map<number, AgentVersion>;
  highest: number;
}

const refused = {
  gone: [404, /^Item .* not found from (agent|retell-llm|conversation-flow)$/],
  llm: [400, /^Cannot update published LLM$/],
  flow: [400, /^Cannot update published conversation flow$/],
  agent: [422, /^Cannot update published agent other than version title$/],
  engine: [400, /^Cannot update response engine after agent versions have been created$/],
} as const satisfies Record<string, Refusal>;

export class AgentModel {
  readonly engines = new Map<string, Engine>();
  readonly agents = new Map<string, Agent>();

  addEngine(id: string, kind: Engine['kind']): void {
    const versions = new Map([[0, { says: 'first', published: false, base: null }]]);
    this.engines.set(id, { kind, versions, highest: 0 });
  }

  addAgent(id: string, engineId: string): void {
    const engineVersion = newest(this.engines.get(engineId)?.versions);
    const first = { name: 'first', title: undefined, published: false, base: null, engineVersion };
    this.agents.set(id, { engineId, versions: new Map([[0, first]]), highest: 0 });
  }

  /** The number that a version argument stands for. */
  resolve(id: string, version: VersionArgument): number | undefined {
    const versions = this.agents.get(id)?.versions;
    if (version === undefined || version === 'latest') return newest(versions);
    if (version === 'latest_published') {
      return newest(new Map([...(versions ?? [])].filter(([, { published }]) => published)));
    }
    return version !== 'no-such-tag' && versions?.has(version) ? version : undefined;
  }

  /** What the agent says first; undefined if nobody here can know. */
  says(id: string, version: number): string | undefined {
    const agent = this.agents.get(id);
    const pinned = agent?.versions.get(version)?.engineVersion;
    return this.engines.get(agent?.engineId ?? '')?.versions.get(pinned ?? -1)?.says;
  }

  updateEngine(id: string, version: number | undefined, says: string): Refusal | undefined {
    const engine = this.engines.get(id);
    const found = engine?.versions.get(version ?? newest(engine.versions) ?? -1);
    if (engine === undefined || found === undefined) return refused.gone;
    if (found.published) return engine.kind === 'retell-llm' ? refused.llm : refused.flow;
    found.says = says;
    return undefined;
  }

  updateAgent(
    id: string,
    version: VersionArgument,
    change: { name?: string; title?: string; engine?: 'same' | 'other' },
  ): Refusal | undefined {
    const number = this.resolve(id, version);
    const agent = this.agents.get(id);
    const found = agent?.versions.get(number ?? -1);
    if (agent === undefined || found === undefined) return refused.gone;
    const changesOthers = change.name !== undefined || change.engine !== undefined;
    if (found.published && changesOthers) return refused.agent;
    const hasVersions = agent.versions.size > 1 || number !== 0;
    if (change.engine === 'other' && hasVersions) return refused.engine;
    found.name = change.name ?? found.name;
    found.title = change.title ?? found.title;
    return undefined;
  }

  publishVersion(id: string, version: number, title?: string): Refusal | undefined {
    const agent = this.agents.get(id);
    const found = agent?.versions.get(version);
    if (agent === undefined || found === undefined) return refused.gone;
    const engine = this.engines.get(agent.engineId)?.versions.get(found.engineVersion ?? -1);
    if (engine) engine.published = true;
    found.published = true;
    found.title = title ?? found.title;
    return undefined;
  }

  createVersion(id: string, base: number): Refusal | undefined {
    const agent = this.agents.get(id);
    const found = agent?.versions.get(base);
    if (agent === undefined || found === undefined) return refused.gone;
    const engine = this.engines.get(agent.engineId);
    const number = Math.max(agent.highest, engine?.highest ?? -1) + 1;
    agent.highest = number;
    let { engineVersion } = found;
    const source = engine?.versions.get(engineVersion ?? -1);
    if (engine && source) {
      engine.versions.set(number, {
        says: source.says,
        published: false,
        base: engineVersion ?? 0,
      });
      engine.highest = number;
    }
    if (engineVersion !== undefined) engineVersion = number;
    agent.versions.set(number, { ...found, published: false, base, engineVersion });
    return undefined;
  }

  publishAgent(id: string): Refusal | undefined {
    const latest = this.resolve(id, undefined) ?? -1;
    return this.publishVersion(id, latest) ?? this.createVersion(id, latest);
  }

  deleteVersion(id: string, version: number): Refusal | undefined {
    const agent = this.agents.get(id);
    const found = agent?.versions.get(version);
    if (agent === undefined || found === undefined) return refused.gone;
    if (found.published) return [400, /is published and cannot be deleted$/];
    if (agent.versions.size === 1) return [400, /is the only one of/];
    agent.versions.delete(version);
    const engine = this.engines.get(agent.engineId);
    const copy = engine?.versions.get(found.engineVersion ?? -1);
    const users = [...this.agents.values()].filter(({ engineId }) => engineId === agent.engineId);
    const isUsed = users.some(({ versions }) =>
      [...versions.values()].some(({ engineVersion }) => engineVersion === found.engineVersion),
    );
    const isCopy = copy !== undefined && copy.base !== null;
    if (isCopy && !copy.published && !isUsed) {
      engine?.versions.delete(found.engineVersion ?? -1);
    }
    return undefined;
  }

  deleteEngine(id: string, force: boolean): Refusal | undefined {
    const engine = this.engines.get(id);
    if (engine === undefined) return refused.gone;
    const users = [...this.agents].filter(([, { engineId }]) => engineId === id);
    const [user] = users;
    if (!force && user !== undefined) return [400, new RegExp(`is used by .*${user[0]}`)];
    this.engines.delete(id);
    return undefined;
  }
}

const newest = (versions: Map<number, unknown> | undefined): number | undefined =>
  versions === undefined || versions.size === 0 ? undefined : Math.max(...versions.keys());
