/** Says whether an event may have this name, or this pattern stand for one. */
export declare const isPattern: (name: string) => boolean;
/** Says whether two patterns may stand for the same event. One that cannot be read comes for all of its stem. */
export declare const meet: (a: string, b: string) => boolean;
/** The filter for all that these patterns stand for; undefined: every event. What is no pattern is left out. */
export declare function filterOf(patterns: Iterable<string>): readonly string[] | undefined;
/** Says whether one filter lets pass whatever another does. */
export declare const covers: (wide: readonly string[] | undefined, narrow: readonly string[] | undefined) => boolean;
