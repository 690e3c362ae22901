/**
 * Secrets on their way into the answer file. Pure.
 * Windows hides a password there by base64 of its UTF-16 and of the name of the setting behind it; that protects
 * nothing (Microsoft Learn "Hide Sensitive Data in an Answer File" says so too), so the medium is a secret as a whole.
 */
import { AppError } from "../../model/errors.ts";

/** LocalAccount and AutoLogon end in "Password", the server's Administrator in "AdministratorPassword". */
export function encodePassword(password: string, setting: "Password" | "AdministratorPassword"): string {
  const text = password + setting;
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < text.length; index++) view.setUint16(index * 2, text.charCodeAt(index), true);
  return btoa(String.fromCharCode(...bytes));
}

/**
 * A password as a file or a variable holds it: one line end at its end is the editor's.
 * @throws AppError `answer-invalid` that never shows it
 */
export function checkPassword(text: string, where: string): string {
  const password = text.replace(/\r?\n$/, "");
  const problem = password === ""
    ? "it is empty"
    // A longer one cannot be typed at the sign-in screen.
    : password.length > 127
    ? "it has more than 127 characters"
    : /\p{Cc}/u.test(password)
    ? "it has a control character or more than one line"
    : !password.isWellFormed()
    ? "it is not Unicode text"
    : null;
  if (problem === null) return password;
  throw new AppError("answer-invalid", `Cannot use the password in ${where}: ${problem}`, {
    hint: "Write one line with the password into it",
  });
}

/** @throws AppError `answer-invalid` that never shows it */
export function checkProductKey(text: string, where: string): string {
  const key = text.trim().toUpperCase();
  if (/^[A-Z0-9]{5}(-[A-Z0-9]{5}){4}$/.test(key)) return key;
  throw new AppError("answer-invalid", `Cannot use the product key in ${where}: it does not have the form of one`, {
    hint: "A key is five groups of five letters and digits: XXXXX-XXXXX-XXXXX-XXXXX-XXXXX",
  });
}
