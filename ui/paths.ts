/** The page's addresses, both ways. The only file that knows how they are written. */
import { signal } from "@preact/signals";

export type DomainTab = "overview" | "hardware" | "xml";

export type Route =
  | { readonly page: "vms" }
  | { readonly page: "vm"; readonly uuid: string; readonly tab: DomainTab }
  | { readonly page: "hardware" }
  | { readonly page: "plan" }
  | { readonly page: "sign-in" }
  | { readonly page: "unknown" };

export function parsePath(pathname: string): Route {
  const [first = "", second, third, ...rest] = pathname.split("/").filter((part) => part !== "");
  if (rest.length > 0) return { page: "unknown" };
  if (second === undefined) {
    if (first === "" || first === "vms") return { page: "vms" };
    if (first === "hardware" || first === "plan" || first === "sign-in") return { page: first };
  } else if (first === "vms" && /^[0-9a-f-]{36}$/.test(second)) {
    const tab = third ?? "overview";
    if (tab === "overview" || tab === "hardware" || tab === "xml") return { page: "vm", uuid: second, tab };
  }
  return { page: "unknown" };
}

export const paths = {
  vms: "/",
  hardware: "/hardware",
  plan: "/plan",
  signIn: "/sign-in",
  vm: (uuid: string, tab: DomainTab = "overview") => tab === "overview" ? `/vms/${uuid}` : `/vms/${uuid}/${tab}`,
} as const;

export const route = signal<Route>(parsePath(location.pathname));

/** Whether a page was left for another since loading: only then does the focus have to follow. */
export const moved = signal(false);

/** Goes to another page without loading anew. */
export function navigate(path: string, options: { replace?: boolean } = {}): void {
  if (options.replace === true) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  moved.value = true;
  route.value = parsePath(location.pathname);
  scrollTo(0, 0);
}

addEventListener("popstate", () => {
  moved.value = true;
  route.value = parsePath(location.pathname);
});
