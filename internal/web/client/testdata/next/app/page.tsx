import { eventNames } from "@rowcast/client";
import { Orders } from "./orders";

export default function Page() {
  return (
    <>
      <p>{eventNames.length} events</p>
      <Orders />
    </>
  );
}
