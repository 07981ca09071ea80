import { useFeedStatus, useSocket } from "@rowcast/client/react";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { plural } from "../format.ts";

/** The connection in words. */
export interface LinkState {
  tone: "good" | "warn" | "bad";
  title: string;
  detail: string;
  /** Worth a notice over the page. */
  loud: boolean;
  /** Nothing happens by itself any more. */
  ended: boolean;
}

/** How long "caught up" is shown, and how long a loss of connection is kept to itself. */
const proud = 4000;
const patient = 700;

export function useLink(): LinkState {
  const feed = useSocket();
  const status = useFeedStatus();
  const { state, reason, retryIn } = status;
  const was = useRef(false);
  const missed = useRef(0);
  const [caught, setCaught] = useState<number | undefined>();
  const [long, setLong] = useState(false);
  const [left, setLeft] = useState(0);

  useEffect(() => feed.on("*", () => void (feed.status.state === "catching-up" && missed.current++)), [feed]);
  // Before the paint, so that no "live" shines through between the two.
  useLayoutEffect(() => {
    if (state === "catching-up") {
      missed.current = 0;
      return () => setCaught(missed.current);
    }
    if (state !== "live") {
      setCaught(undefined);
      return;
    }
    was.current = true;
    const timer = setTimeout(() => setCaught(undefined), proud);
    return () => clearTimeout(timer);
  }, [state]);
  useEffect(() => {
    if (state !== "connecting") {
      setLong(false);
      return;
    }
    const timer = setTimeout(() => setLong(true), patient);
    return () => clearTimeout(timer);
  }, [state]);
  useEffect(() => {
    if (retryIn === undefined) return setLeft(0);
    const until = Date.now() + retryIn;
    const tick = () => setLeft(Math.max(0, Math.ceil((until - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 500);
    return () => clearInterval(timer);
  }, [status, retryIn]);

  switch (state) {
    case "live":
      if (caught === undefined)
        return { tone: "good", title: "Live", detail: "Everything is up to date", loud: false, ended: false };
      return {
        tone: "good",
        title: "Caught up",
        detail: caught > 0 ? `${plural(caught, "event")} while away` : "Nothing was missed",
        loud: true,
        ended: false,
      };
    case "catching-up":
      return { tone: "warn", title: "Catching up", detail: "Reading what was missed", loud: true, ended: false };
    case "stale":
      return { tone: "warn", title: "Late", detail: "The server waits for the database", loud: true, ended: false };
    case "closed":
      return {
        tone: "bad",
        title: "Disconnected",
        detail: reason || "The server ended the connection",
        loud: true,
        ended: true,
      };
    default:
      if (!was.current) return { tone: "warn", title: "Connecting", detail: "One moment", loud: false, ended: false };
      return {
        tone: "warn",
        title: "Reconnecting",
        detail: left > 0 ? `Next attempt in ${left} s` : "Trying now",
        loud: long,
        ended: false,
      };
  }
}
