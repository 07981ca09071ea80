/** Takes note of what went wrong or is worth knowing. */
export type Log = (level: "debug" | "warn" | "error", message: string, detail?: unknown) => void;

/** Shows errors and warnings in the console. */
export const consoleLog: Log = (level, message, detail) => {
  if (level !== "debug") console[level](`rowcast: ${message}`, detail ?? "");
};

type Handler = (...args: any[]) => unknown;

/** Handlers by name. One that fails is reported, and disturbs neither the others nor the feed. */
export interface Handlers {
  on(name: string, handler: Handler): () => void;
  off(name: string, handler?: Handler): void;
  call(name: string, ...args: unknown[]): void;
  /** Calls later those that a name has now and still has then. */
  of(name: string): (...args: unknown[]) => void;
  names(): Iterable<string>;
}

export function createHandlers(log: Log): Handlers {
  // Entries, not handlers: one that was added twice is called twice, and each
  // unsubscribes itself alone. Lists are replaced, never changed, so that a
  // handler may add and remove others.
  const entries = new Map<string, { handler: Handler }[]>();
  const keep = (name: string, which: (entry: { handler: Handler }) => boolean) => {
    const left = (entries.get(name) ?? []).filter(which);
    if (left.length) entries.set(name, left);
    else entries.delete(name);
  };
  const of: Handlers["of"] = (name) => {
    const now = entries.get(name) ?? [];
    const failed = (error: unknown) => log("error", `a handler of ${name} failed`, error);
    return (...args) => {
      for (const entry of now) {
        if (!entries.get(name)?.includes(entry)) continue;
        try {
          const result = entry.handler(...args);
          if (result instanceof Promise) result.catch(failed);
        } catch (error) {
          failed(error);
        }
      }
    };
  };
  return {
    on(name, handler) {
      const entry = { handler };
      entries.set(name, [...(entries.get(name) ?? []), entry]);
      return () => keep(name, (e) => e !== entry);
    },
    off: (name, handler) => keep(name, (e) => !!handler && e.handler !== handler),
    call: (name, ...args) => of(name)(...args),
    of,
    names: () => entries.keys(),
  };
}
