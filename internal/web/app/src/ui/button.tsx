import type { ComponentProps } from "react";
import { Icon, type IconName } from "./icon.tsx";

type Props = ComponentProps<"button"> & {
  look?: "primary" | "danger" | "ghost" | undefined;
  small?: boolean;
  icon?: IconName;
};

export function Button({ look, small, icon, className, children, ...props }: Props) {
  const classes = ["button", look, small && "small", !children && "icon", className].filter(Boolean).join(" ");
  return (
    <button type="button" className={classes} {...props}>
      {icon && <Icon name={icon} size={small ? 16 : 18} />}
      {children}
    </button>
  );
}
