/**
 * Parses the subset of the XDR language (RFC 4506, section 6) that libvirt's protocol files use: consts, enums, structs,
 * unions, typedefs, and the annotations in the comments before a procedure's number. Pure: text in, declarations out.
 */

/** A type as written where it is used: its base name and what surrounds the field's name. */
export interface TypeUse {
  /** `int`, `uint`, `hyper`, `uhyper`, `string`, `opaque`, … or the name of a declared type. */
  base: string;
  /** `plain`, `[N]`, `<N>` or `*`. */
  shape: "plain" | "fixed" | "bounded" | "optional";
  /** The N of `fixed` and `bounded`: a number or a constant's name. */
  bound?: string;
}

export interface Field {
  name: string;
  type: TypeUse;
}

export interface EnumValue {
  name: string;
  value: number;
  /** `generate: both`, `readstream: 1`, … from the comment just before the value. */
  annotations: { name: string; value: string }[];
}

export type Declaration =
  | { kind: "const"; name: string; value: string }
  | { kind: "enum"; name: string; values: EnumValue[] }
  | { kind: "struct"; name: string; fields: Field[] }
  | { kind: "union"; name: string; discriminant: TypeUse; cases: { value: string; arm: Field | null }[] }
  | { kind: "typedef"; name: string; type: TypeUse };

interface Token {
  text: string;
  /** The comment that stands right before the token. */
  comment: string;
  line: number;
}

const TOKEN =
  /\/\*([\s\S]*?)\*\/|^%.*$|([A-Za-z_][A-Za-z0-9_]*|0x[0-9a-fA-F]+|-?\d+|[{}()\[\]<>;:,=*])|(\s+)|([\s\S])/gm;

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let comment = "";
  let line = 1;
  for (const match of source.matchAll(TOKEN)) {
    const [whole, inComment, text, , stray] = match;
    if (stray !== undefined) throw new SyntaxError(`line ${line}: ${JSON.stringify(stray)} is not XDR`);
    if (inComment !== undefined) comment = inComment;
    if (text !== undefined) {
      tokens.push({ text, comment, line });
      comment = "";
    }
    line += whole.split("\n").length - 1;
  }
  return tokens;
}

const BASE_OF_UNSIGNED: Record<string, string> = { int: "uint", hyper: "uhyper", char: "uchar", short: "ushort" };

class Parser {
  #at = 0;
  constructor(readonly tokens: readonly Token[]) {}

  get done(): boolean {
    return this.#at === this.tokens.length;
  }

  peek(): string {
    return this.tokens[this.#at]?.text ?? "";
  }

  next(): Token {
    const token = this.tokens[this.#at++];
    if (token === undefined) throw new SyntaxError("the file ends in the middle of a declaration");
    return token;
  }

  expect(text: string): void {
    const token = this.next();
    if (token.text !== text) throw new SyntaxError(`line ${token.line}: ${token.text} where ${text} is due`);
  }

  accept(text: string): boolean {
    if (this.peek() !== text) return false;
    this.#at++;
    return true;
  }

  identifier(): string {
    const token = this.next();
    if (!/^[A-Za-z_]/.test(token.text)) throw new SyntaxError(`line ${token.line}: ${token.text} is not a name`);
    return token.text;
  }

  typeName(): string {
    const name = this.identifier();
    if (name !== "unsigned") return name;
    const unsigned = BASE_OF_UNSIGNED[this.peek()];
    if (unsigned === undefined) return "uint";
    this.next();
    return unsigned;
  }

  /** `T name`, `T name<N>`, `T name[N]` or `T *name`. */
  field(): Field {
    const base = this.typeName();
    if (this.accept("*")) return { name: this.identifier(), type: { base, shape: "optional" } };
    const name = this.identifier();
    if (this.accept("<")) {
      const bound = this.next().text;
      this.expect(">");
      return { name, type: { base, shape: "bounded", bound } };
    }
    if (this.accept("[")) {
      const bound = this.next().text;
      this.expect("]");
      return { name, type: { base, shape: "fixed", bound } };
    }
    return { name, type: { base, shape: "plain" } };
  }

  enumBody(): EnumValue[] {
    const values: EnumValue[] = [];
    this.expect("{");
    while (!this.accept("}")) {
      const token = this.next();
      this.expect("=");
      const value = Number(this.next().text);
      if (!Number.isInteger(value)) throw new SyntaxError(`line ${token.line}: ${token.text} has no numeric value`);
      const annotations = [...token.comment.matchAll(/@(\w+):\s*(.+)/g)].map(([, name, text]) => ({
        name: name!,
        value: text!.trim(),
      }));
      values.push({ name: token.text, value, annotations });
      this.accept(",");
    }
    return values;
  }

  structBody(): Field[] {
    const fields: Field[] = [];
    this.expect("{");
    while (!this.accept("}")) {
      fields.push(this.field());
      this.expect(";");
    }
    return fields;
  }

  unionRest(name: string): Declaration {
    this.expect("switch");
    this.expect("(");
    const discriminant = this.field().type;
    this.expect(")");
    this.expect("{");
    const cases: { value: string; arm: Field | null }[] = [];
    while (!this.accept("}")) {
      this.expect("case");
      const value = this.next().text;
      this.expect(":");
      const arm = this.accept("void") ? null : this.field();
      this.expect(";");
      cases.push({ value, arm });
    }
    return { kind: "union", name, discriminant, cases };
  }

  declaration(): Declaration {
    const keyword = this.next();
    switch (keyword.text) {
      case "const": {
        const name = this.identifier();
        this.expect("=");
        return { kind: "const", name, value: this.next().text };
      }
      case "enum":
        return { kind: "enum", name: this.identifier(), values: this.enumBody() };
      case "struct":
        return { kind: "struct", name: this.identifier(), fields: this.structBody() };
      case "union":
        return this.unionRest(this.identifier());
      case "typedef": {
        const { name, type } = this.field();
        return { kind: "typedef", name, type };
      }
      default:
        throw new SyntaxError(`line ${keyword.line}: ${keyword.text} begins no declaration`);
    }
  }
}

/** Every declaration of a `.x` file, in its order. Throws SyntaxError with the line. */
export function parseX(source: string): Declaration[] {
  const parser = new Parser(tokenize(source));
  const declarations: Declaration[] = [];
  while (!parser.done) {
    declarations.push(parser.declaration());
    parser.expect(";");
  }
  return declarations;
}
