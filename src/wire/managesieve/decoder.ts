import { decodeLatin1 } from "../../core/bytes.ts";
import { Arguments } from "../arguments.ts";

export type { Segment } from "../arguments.ts";

const ZERO = 48;
const NINE = 57;

/** Reads the arguments of one command (RFC 5804 section 4). */
export class Decoder extends Arguments {
  /** The name of a command, in capitals: names are compared without case (section 1.2). */
  expectName(): string {
    return decodeLatin1(this.tryBytes(isLetter) ?? this.fail("a command")).toUpperCase();
  }

  /** 32 bits, without zeros in front. */
  override expectNumber(): number {
    if (!this.tryByte(ZERO)) return super.expectNumber();
    return this.next >= ZERO && this.next <= NINE ? this.fail("a number without zeros in front") : 0;
  }

  /** A string, which is UTF-8 wherever it stands (section 1.2). */
  expectText(what: string): string {
    return this.asText(this.expectString(`${what}, as a string`), what);
  }
}

function isLetter(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}
