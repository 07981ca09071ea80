/** What a token says: its payload, or nothing if it is no JWT. It is not verified, that is up to the server. */
export declare function claimsOf(token: string): Record<string, unknown>;
/** The tenants that a token names, in the order of the server: texts and whole numbers. */
export declare function tenantsOf(token: string): string[];
