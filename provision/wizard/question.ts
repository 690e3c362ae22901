/** What a question is, for whoever asks it: data, and what is wrong with a reply. Pure; knows no question by name. */

export type Reply = string | number | boolean;

interface Asked {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  /** The work is done: that nothing was changed is no promise any more. */
  readonly afterwards?: true;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
  /** Why it cannot be chosen; absent: it can. */
  readonly disabled?: string;
}

export interface ChoiceQuestion extends Asked {
  readonly kind: "choice";
  readonly default: string;
  readonly choices: readonly Choice[];
}

export interface ConfirmQuestion extends Asked {
  readonly kind: "confirm";
  readonly default: boolean;
}

export interface TextQuestion extends Asked {
  readonly kind: "text";
  readonly default: string;
  /** What is wrong with it, as a sentence; null: nothing. */
  validate(text: string): string | null;
}

export interface NumberQuestion extends Asked {
  readonly kind: "number";
  readonly default: number;
  readonly unit: string;
  validate(text: string): string | null;
}

/** What nobody can propose: it must be written. */
export interface TypedQuestion extends Asked {
  readonly kind: "typed";
  validate(text: string): string | null;
}

/** The same, and not shown while it is written. */
export interface SecretQuestion extends Asked {
  readonly kind: "secret";
  validate(text: string): string | null;
}

/** Data for a face. `default` is always a reply that is accepted. */
export type Question =
  | ChoiceQuestion
  | ConfirmQuestion
  | TextQuestion
  | NumberQuestion
  | TypedQuestion
  | SecretQuestion;

/** What is taken where nobody is asked; null: there is nothing to propose. */
export function proposalOf(question: Question): Reply | null {
  return question.kind === "typed" || question.kind === "secret" ? null : question.default;
}

/** The reply that a typed line means; ask `validate` first. People write half a gibibyte with a point or a comma. */
export function readNumber(text: string): number {
  const plain = text.trim().replace(",", ".");
  return /^\d+(\.\d+)?$/.test(plain) ? Number(plain) : NaN;
}

/** What is wrong with a reply; null: nothing. */
export function problemOf(question: Question, value: Reply): string | null {
  switch (question.kind) {
    case "choice": {
      const choice = question.choices.find((one) => one.value === value);
      if (choice === undefined) return `It is none of ${question.choices.map((one) => one.value).join(", ")}`;
      return choice.disabled ?? null;
    }
    case "confirm":
      return typeof value === "boolean" ? null : "It is neither yes nor no";
    case "text":
    case "typed":
    case "secret":
      return typeof value === "string" ? question.validate(value) : "It is no text";
    case "number":
      return typeof value === "number" ? question.validate(`${value}`) : "It is no number";
  }
}
