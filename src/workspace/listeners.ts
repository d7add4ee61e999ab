/** Functions that are told of what is new in a workspace. */
export interface Listeners<Item> {
  /** Calls back with each new item, and with undefined when the items were removed, until it is cancelled. */
  readonly add: (workspace: string, listener: Listener<Item>) => () => void;
  call(workspace: string, item: Item | undefined): void;
}

export type Listener<Item> = (item: Item | undefined) => void;

export function createListeners<Item>(): Listeners<Item> {
  const all = new Map<string, Set<Listener<Item>>>();
  return {
    call(workspace, item) {
      const listeners = all.get(workspace);
      if (listeners === undefined) return;
      for (const listener of listeners) listener(item);
    },
    add(workspace, listener) {
      const listeners = all.get(workspace) ?? new Set();
      all.set(workspace, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && all.get(workspace) === listeners) all.delete(workspace);
      };
    },
  };
}
