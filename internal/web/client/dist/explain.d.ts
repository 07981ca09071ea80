/** Says in words why a server said nothing at all, as far as that can be found out from here. */
export declare function explain(base: string, fetch: typeof globalThis.fetch): Promise<string>;
