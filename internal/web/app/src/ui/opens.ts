import type { MouseEvent } from "react";
import { navigate } from "../router.tsx";

/** A click on a row follows its link, unless it is meant for something in it or selects text. */
export const opens = (to: string) => (event: MouseEvent<HTMLElement>) => {
  if (event.target instanceof Element && event.target.closest("a, button")) return;
  if (getSelection()?.toString()) return;
  navigate(to);
};
