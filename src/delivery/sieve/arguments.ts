/**
 * The arguments of one command or test, taken out one after the other by its row in the registry: tags first, by name and in any
 * order, then what has its place. What nobody took is an error, and so is a tag behind what has its place (RFC 5228 section 2.6).
 */
import { type Argument, type Position, SieveError, type SieveString } from "../../wire/sieve/mod.ts";
import { compileText, type Text, type TextOptions } from "./text.ts";

export interface ArgumentOptions {
  /** Of the script as a whole. */
  readonly text: TextOptions;
  /** Throws when the script did not `require` the extension. */
  readonly require: (extension: string, at: Position, what: string) => void;
}

interface TagOptions {
  /** The extension that the tag belongs to. */
  readonly requires?: string;
}

/** A string of a script with its place. */
export interface PlacedText {
  readonly text: Text;
  readonly at: Position;
}

export class Arguments {
  readonly name: string;
  readonly at: Position;
  readonly #options: ArgumentOptions;
  readonly #given: readonly Argument[];
  /** Places in `#given`. */
  readonly #taken = new Set<number>();

  constructor(
    node: { readonly name: string; readonly at: Position; readonly args: readonly Argument[] },
    options: ArgumentOptions,
  ) {
    this.name = node.name;
    this.at = node.at;
    this.#given = node.args;
    this.#options = options;
  }

  fail(problem: string, at: Position = this.at): never {
    throw new SieveError(at, problem);
  }

  /** Whether the script has required the extension; throws, naming `what` needs it, when not. */
  require(extension: string, what: string, at: Position = this.at): void {
    this.#options.require(extension, at, what);
  }

  // ---- Tags ----

  /** Takes `:name`. */
  flag(name: string, options: TagOptions = {}): boolean {
    return this.#takeTag(name, options) !== null;
  }

  /** Takes `:name "value"`. */
  tagString(name: string, options: TagOptions = {}): PlacedText | null {
    const value = this.#takeValue(name, options);
    if (value === null) return null;
    if (value.kind !== "strings" || value.isList) this.fail(`:${name} takes one string`, value.at);
    return this.#placed(value.values[0]!);
  }

  tagStrings(name: string, options: TagOptions = {}): PlacedText[] | null {
    const value = this.#takeValue(name, options);
    if (value === null) return null;
    if (value.kind !== "strings") this.fail(`:${name} takes strings`, value.at);
    return value.values.map((string) => this.#placed(string));
  }

  tagNumber(
    name: string,
    options: TagOptions = {},
  ): { readonly value: number; readonly at: Position } | null {
    const value = this.#takeValue(name, options);
    if (value === null) return null;
    if (value.kind !== "number") this.fail(`:${name} takes a number`, value.at);
    return value;
  }

  // ---- What has its place ----

  expectString(what: string): PlacedText {
    const argument = this.#takePlaced();
    if (argument?.kind !== "strings" || argument.isList) {
      this.fail(`${this.name} needs ${what}: one string`, argument?.at);
    }
    return this.#placed(argument.values[0]!);
  }

  expectStrings(what: string): PlacedText[] {
    const argument = this.#takePlaced();
    if (argument?.kind !== "strings") {
      this.fail(`${this.name} needs ${what}: a string or a list of strings`, argument?.at);
    }
    return argument.values.map((string) => this.#placed(string));
  }

  expectNumber(what: string): number {
    const argument = this.#takePlaced();
    if (argument?.kind !== "number") this.fail(`${this.name} needs ${what}: a number`, argument?.at);
    return argument.value;
  }

  /** How many arguments without a tag are left, once all tags have been taken. */
  get left(): number {
    return this.#given.length - this.#taken.size;
  }

  end(): void {
    const extra = this.#given[this.#firstLeft()];
    if (extra === undefined) return;
    if (extra.kind === "tag") this.fail(`${this.name} has no tag :${extra.name}`, extra.at);
    this.fail(`${this.name} takes no more arguments`, extra.at);
  }

  // ---- The machinery ----

  #placed(string: SieveString): PlacedText {
    return { text: compileText(string, this.#options.text), at: string.at };
  }

  /** Its place; null when the tag is not there. */
  #takeTag(name: string, { requires }: TagOptions): number | null {
    const places = this.#given.flatMap((argument, place) =>
      argument.kind === "tag" && argument.name === name ? [place] : []
    );
    const [place, again] = places;
    if (place === undefined) return null;
    const { at } = this.#given[place]!;
    if (requires !== undefined) this.#options.require(requires, at, `:${name}`);
    if (again !== undefined) this.fail(`:${name} stands twice`, this.#given[again]!.at);
    this.#taken.add(place);
    return place;
  }

  #takeValue(name: string, options: TagOptions): Exclude<Argument, { kind: "tag" }> | null {
    const place = this.#takeTag(name, options);
    if (place === null) return null;
    const value = this.#given[place + 1];
    if (value === undefined || value.kind === "tag") this.fail(`:${name} needs a value`, value?.at);
    this.#taken.add(place + 1);
    return value;
  }

  #takePlaced(): Exclude<Argument, { kind: "tag" }> | null {
    const place = this.#firstLeft();
    const next = this.#given[place];
    if (next === undefined) return null;
    if (next.kind === "tag") this.fail(`${this.name} has no tag :${next.name}`, next.at);
    this.#taken.add(place);
    const late = this.#given.find((argument, at) => argument.kind === "tag" && at > place);
    if (late?.kind === "tag") this.fail(`:${late.name} must stand before what has its place`, late.at);
    return next;
  }

  #firstLeft(): number {
    let place = 0;
    while (this.#taken.has(place)) place++;
    return place;
  }
}
