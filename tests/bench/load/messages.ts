/** Messages to load a server with: text of made-up words, so that compression and search have what they would have. */

const SYLLABLES =
  "ka lo mi ra ten sor ve dal pri on el ta bu nes gor fi un mar cho sil wen do qua hel ist par jo ne ber"
    .split(" ");
const VARIANTS = 64;

/** The same sequence for the same seed (xorshift). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export interface MessageMaker {
  /** The bytes of message `index` with the final dot. They are good until the same variant is asked for again. */
  next(index: number): Uint8Array;
}

/** `size` is that of the message without the final dot, about; `author` stands in From, where it must be the account's own. */
export function makeMessages(size: number, author: string | null = null): MessageMaker {
  const variants = Array.from({ length: VARIANTS }, (_, i) => makeVariant(i + 1, { size, author }));
  return {
    next(index) {
      const { bytes, idAt } = variants[index % VARIANTS]!;
      // Every message has a Message-ID of its own, and so no two bodies are equal.
      let rest = index;
      for (let digit = 9; digit >= 0; digit--) {
        bytes[idAt + digit] = 48 + rest % 10;
        rest = Math.floor(rest / 10);
      }
      return bytes;
    },
  };
}

function makeVariant(
  seed: number,
  { size, author }: { readonly size: number; readonly author: string | null },
): { bytes: Uint8Array; idAt: number } {
  const random = chance(seed * 2654435761);
  const word = () =>
    Array.from({ length: 1 + random(4) }, () => SYLLABLES[random(SYLLABLES.length)]).join("");
  const words = (count: number) => Array.from({ length: count }, word).join(" ");
  const header = [
    `Date: Fri, 02 Jan 2026 ${String(seed % 24).padStart(2, "0")}:04:05 +0000`,
    `From: "${words(2)}" <${author ?? `${word()}@foreign.test`}>`,
    `To: "${words(2)}" <u1@bench.test>`,
    `Subject: ${words(5)}`,
    `Message-ID: <0000000000.${seed}@foreign.test>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "",
  ].join("\r\n");
  let text = header;
  while (text.length < size - 80) text += `${words(9)}\r\n`;
  if (text.length < size - 2) text += `${"x".repeat(size - text.length - 2)}\r\n`;
  return { bytes: new TextEncoder().encode(`${text}.\r\n`), idAt: text.indexOf("<0000000000.") + 1 };
}
