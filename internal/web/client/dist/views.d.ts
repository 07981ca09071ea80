import type { Feed, FeedStatus } from "./options.js";
import { type Where } from "./where.js";
/** The feeds of a page: its own, and one for each filter that parts of the page have beside it. */
export interface Views {
    /** The feed for a filter, as textOf writes it, and what lets go of it. Who wants the same shares it. */
    take(key: string | undefined): [feed: Feed, leave: () => void];
    status(key: string | undefined): FeedStatus;
}
/**
 * The feeds beside that of the page connect and close with it, and begin where it is. One
 * that nobody has any more is closed a moment later: parts of a page come and go in one go.
 */
export declare function createViews(page: Feed, own: Where | undefined, make: (where: Where, cursor?: string) => Feed<any>): Views;
