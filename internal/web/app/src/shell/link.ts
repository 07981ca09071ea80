import { useFeedStatus, useSocket } from "@rowcast/client/react";
import { useEffect, useState } from "react";
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

/** What was caught up with, for a while after it; reported by the feed itself, as React may not see every state. */
function useCaught(): string | undefined {
  const feed = useSocket();
  const [caught, setCaught] = useState<string>();
  useEffect(() => {
    let from: number | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (text: string) => {
      clearTimeout(timer);
      setCaught(text);
      timer = setTimeout(() => setCaught(undefined), proud);
    };
    const offStatus = feed.onStatus(({ state, position = 0 }) => {
      if (state === "live") {
        if (from === undefined) return;
        const missed = position - from;
        show(missed > 0 ? `${plural(missed, "change")} while away` : "Nothing was missed");
      } else setCaught(undefined);
      from = state === "catching-up" ? position : undefined;
    });
    const offReset = feed.onReset(() => show("Everything was read again"));
    return () => {
      offStatus();
      offReset();
      clearTimeout(timer);
    };
  }, [feed]);
  return caught;
}

export function useLink(): LinkState {
  const status = useFeedStatus();
  const { state, reason, retryIn } = status;
  const caught = useCaught();
  const [long, setLong] = useState(false);
  const [left, setLeft] = useState(0);

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
        detail: caught,
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
      if (status.cursor === undefined)
        return { tone: "warn", title: "Connecting", detail: "One moment", loud: false, ended: false };
      return {
        tone: "warn",
        title: "Reconnecting",
        detail: left > 0 ? `Next attempt in ${left} s` : "Trying now",
        loud: long,
        ended: false,
      };
  }
}
