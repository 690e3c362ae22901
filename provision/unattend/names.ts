/** Names in the new Windows. Pure. */
import { AppError } from "../../model/errors.ts";

/** Accounts that are there already; a new one of that name would fail. */
const builtIn = ["administrator", "guest", "defaultaccount", "wdagutilityaccount", "system", "none"];

/** @throws AppError `answer-missing` without one, `answer-invalid` for one Windows has itself */
export function accountName(name: string | undefined): string {
  if (name === undefined) {
    throw new AppError("answer-missing", "windows.account.name is missing: the new Windows needs an account", {
      hint: '"windows": { "account": { "name": "ada", "password": { "file": "/root/ada.password" } } }',
    });
  }
  if (!builtIn.includes(name.toLowerCase()) && name.isWellFormed()) return name;
  throw new AppError("answer-invalid", `windows.account.name is "${name}", which Windows keeps for itself`, {
    hint: "Take another name",
  });
}

/**
 * A NetBIOS name: up to 15 letters, digits and hyphens, not digits alone (Microsoft Learn "ComputerName"), and never the
 * account's: Windows refuses an account that is named as its computer.
 */
export function computerName(vmName: string, account: string): string {
  const plain = vmName.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-/, "").slice(0, 15).replace(/-$/, "");
  const taken = plain === "" || /^\d+$/.test(plain) || plain.toLowerCase() === account.toLowerCase();
  return taken ? `PC-${plain}`.slice(0, 15).replace(/-$/, "") : plain;
}
