export { t as createFeed, r as eventNames } from "./parts/feed-BqoUVPpa.js";
