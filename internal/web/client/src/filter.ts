import { patternOf } from "./wire.js";

/** The bounds of a filter that the server takes. */
const mostPatterns = 64;
const longestPattern = 128;
/** No event is called that: a client that asks for it receives how far the stream is, and no more. */
const none = "dashboard:none";

/** Says whether an event may have this name, or this pattern stand for one. */
export const isPattern = (name: string): boolean =>
  name === "*" || (/^[\w.-]+:([\w.-]+|\*)$/.test(name) && name.length <= longestPattern);

/** Says whether two patterns may stand for the same event. One that cannot be read comes for all of its stem. */
export const meet = (a: string, b: string): boolean =>
  [a, b].includes("*") || a === b || (patternOf(a) === patternOf(b) && /:(\*|unreadable)$/m.test(`${a}\n${b}`));

/** The filter for all that these patterns stand for; undefined: every event. What is no pattern is left out. */
export function filterOf(patterns: Iterable<string>): readonly string[] | undefined {
  const all = new Set([...patterns].filter(isPattern));
  const needed = [...all].filter((p) => p.endsWith("*") || !all.has(patternOf(p))).sort();
  if (all.has("*") || needed.length > mostPatterns) return undefined;
  return needed.length ? needed : [none];
}

/** Says whether one filter lets pass whatever another does. */
export const covers = (wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean =>
  !wide || !!narrow?.every((p) => p === none || wide.includes(p) || wide.includes(patternOf(p)));
