import type { Feed, FeedStatus } from "./options.js";
import { textOf, type Where } from "./where.js";

/** The feeds of a page: its own, and one for each filter that parts of the page have beside it. */
export interface Views {
  /** The feed for a filter, as textOf writes it, and what lets go of it. Who wants the same shares it. */
  take(key: string | undefined): [feed: Feed, leave: () => void];
  status(key: string | undefined): FeedStatus;
}

const none: FeedStatus = { state: "idle", cursor: undefined, position: undefined };
const isOff = ({ state }: FeedStatus) => state === "idle" || state === "closed";

/**
 * The feeds beside that of the page connect and close with it, and begin where it is. One
 * that nobody has any more is closed a moment later: parts of a page come and go in one go.
 */
export function createViews(
  page: Feed,
  own: Where | undefined,
  make: (where: Where, cursor?: string) => Feed<any>,
): Views {
  const views = new Map<string, { feed: Feed; users: number }>();
  const ownKey = textOf(own);
  let off = isOff(page.status);
  page.onStatus((status) => {
    const begins = off;
    off = isOff(status);
    for (const { feed } of views.values())
      if (status.state === "idle") feed.close();
      else if (begins) feed.connect();
  });
  return {
    take(key) {
      if (key === undefined || key === ownKey) return [page, () => {}];
      const view = views.get(key) ?? { feed: make(JSON.parse(key), page.status.cursor), users: 0 };
      if (!view.users++) {
        views.set(key, view);
        if (!off) view.feed.connect();
      }
      const leave = () => {
        view.users--;
        queueMicrotask(() => {
          if (view.users || views.get(key) !== view) return;
          views.delete(key);
          view.feed.close();
        });
      };
      return [view.feed, leave];
    },
    status: (key) => (key === undefined || key === ownKey ? page.status : (views.get(key)?.feed.status ?? none)),
  };
}
