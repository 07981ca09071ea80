import type { Reset } from "./wire.js";
/** Tells that the state has to be loaded again, when the server wants that: a crowd of clients may have to. */
export interface Reload {
    /** Has it told after so many milliseconds, in place of what is due already. */
    due(reset: Reset, after: number | undefined): void;
    /** Tells nothing until resume. What is due stays so. */
    pause(): void;
    resume(): void;
}
export declare function createReload(tell: (reset: Reset) => void): Reload;
