import type { PageName } from "./router.tsx";
import { session, type User } from "./session.ts";
import { useStore } from "./store.ts";

/** What there is to see for a role. The server decides; here what would be empty is left out. */
export interface Sight {
  /** Prices, costs and sums. */
  money: boolean;
  /** May do everything. A picker may fulfil orders. */
  all: boolean;
  shows(page: PageName): boolean;
}

const whole: Sight = { money: true, all: true, shows: () => true };
const part: Sight = { money: false, all: false, shows: (page) => page !== "movements" && page !== "purchase-orders" };

export const sightOf = (user: User | undefined): Sight => (user?.role === "picker" ? part : whole);

export const useSight = (): Sight => sightOf(useStore(session)?.user);

/** Who somebody is to the rules of the feed. */
export const viewer = ({ role, warehouses }: User): string =>
  role + (warehouses?.length ? ` of ${warehouses.join(", ")}` : "");
