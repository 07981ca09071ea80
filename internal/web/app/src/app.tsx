import { SocketProvider, useFeedEvent, useFeedResync, useFeedStatus } from "@rowcast/client/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Desk, DeskContext, useDesk } from "./desk.ts";
import { Login } from "./pages/login.tsx";
import { end, getToken, session, type Session } from "./session.ts";
import { Shell } from "./shell/shell.tsx";
import { useStore } from "./store.ts";
import { useClock } from "./ui/now.ts";

/** The login decides everything: without one there is no connection and no data. */
export function App() {
  useClock();
  const current = useStore(session);
  if (!current) return <Login />;
  return <Workspace key={`${current.tenant.id} ${current.user.id}`} session={current} />;
}

function Workspace({ session }: { session: Session }) {
  const [desk] = useState(() => new Desk());
  useEffect(() => () => desk.close(), [desk]);
  return (
    <DeskContext value={desk}>
      <QueryClientProvider client={desk.live.queries}>
        <SocketProvider url="/" getToken={getToken} tenantId={session.tenant.id} onReset={desk.live.reload}>
          <Wiring />
          <Shell session={session} />
        </SocketProvider>
      </QueryClientProvider>
    </DeskContext>
  );
}

/** Close codes that say that the login does not hold any more. */
const loggedOut: Record<number, string> = {
  4501: "Your session is no longer valid. Log in again.",
  4502: "You have no access to this tenant any more.",
  4505: "Your session was ended by an administrator.",
};

/** Leads the feed to the desk, here and nowhere else. */
function Wiring() {
  const desk = useDesk();
  const { state, code } = useFeedStatus();
  useFeedEvent("*", desk.receive);
  useFeedResync(desk.live.reload);
  useEffect(() => {
    if (state === "live") desk.live.retry();
    if (state === "closed" && code !== undefined && loggedOut[code]) end(loggedOut[code]);
  }, [desk, state, code]);
  return null;
}
