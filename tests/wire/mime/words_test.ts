/** Encoded words (RFC 2047) and the base subject (RFC 5256 section 2.1). */
import assert from "node:assert/strict";
import { baseSubject, decodeWords, encodeWord } from "../../../src/wire/mime/mod.ts";

const decoded: readonly (readonly [text: string, expected: string])[] = [
  ["plain", "plain"],
  ["", ""],
  ["=?iso-8859-1?q?caf=E9_au_lait?=", "café au lait"],
  ["=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße"],
  ["=?UTF-8?B?R3LDvMOfZQ?=", "Grüße"],
  ["=?us-ascii*en?Q?Hello?=", "Hello"],
  // Section 8: white space between words goes, between a word and text it stays.
  ["(=?ISO-8859-1?Q?a?=)", "(a)"],
  ["(=?ISO-8859-1?Q?a?= b)", "(a b)"],
  ["(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "(ab)"],
  ["(=?ISO-8859-1?Q?a?=  \t =?ISO-8859-1?Q?b?=)", "(ab)"],
  ["(=?ISO-8859-1?Q?a_b?=)", "(a b)"],
  ["(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "(a b)"],
  // A character cut in two; words of a charset with escape sequences.
  ["=?utf-8?Q?=C3?= =?utf-8?B?vA==?=", "ü"],
  ["=?iso-2022-jp?B?GyRCRnxLXBsoQg==?= =?iso-2022-jp?B?GyRCOGwbKEI=?=", "日本語"],
  ["=?gb2312?B?xOO6ww==?=", "你好"],
  ["=?koi8-r?Q?=F0=D2=C9=D7=C5=D4?=", "Привет"],
  ["=?cp437?Q?=81?=", "ü"],
  // As programs write them, not as they should.
  ["=?utf-8?Q?a b?=", "a b"],
  ["x=?utf-8?q?y?=z", "xyz"],
  ["=?utf-8?q?a?==?utf-8?q?b?=", "ab"],
  ["=?utf-8?Q?why??=", "why?"],
  ["=?utf-8?Q?=3D?=", "="],
  ["=?utf-8?Q?=ZZ=4?=", "=ZZ=4"],
  ["=?utf-8?Q??=", ""],
  ["=?utf-8?Q?=C3=28?=", "\ufffd("],
  ["=?no-such-charset?Q?=C3=BC?=", "ü"],
  ["=?no-such-charset?Q?=FC?=", "ü"],
  // Nothing can be smuggled into a line or a list.
  ["=?utf-8?Q?a=0D=0ABcc:_b=00c?=", "a  Bcc: b c"],
  // No words.
  ["=?", "=?"],
  ["=?utf-8?Q?open", "=?utf-8?Q?open"],
  ["=?utf-8?X?x?=", "=?utf-8?X?x?="],
  ["=??Q?x?=", "=??Q?x?="],
  ["=?ut f?Q?x?=", "=?ut f?Q?x?="],
  ["a =?b?= c", "a =?b?= c"],
];

for (const [text, expected] of decoded) {
  Deno.test(`words: ${text}`, () => assert.equal(decodeWords(text), expected));
}

const encoded: readonly (readonly [text: string, expected: string])[] = [
  ["", ""],
  ["Hello, world", "Hello, world"],
  ["Grüße", "=?UTF-8?B?R3LDvMOfZQ==?="],
  ["A long name with only one ü", "=?UTF-8?Q?A_long_name_with_only_one_=C3=BC?="],
  ["this is not =?really?= a word", "=?UTF-8?Q?this_is_not_=3D=3Freally=3F=3D_a_word?="],
  ["a\r\nBcc: b", "=?UTF-8?B?YQ0KQmNjOiBi?="],
];

for (const [text, expected] of encoded) {
  Deno.test(`words written: ${JSON.stringify(text)}`, () => assert.equal(encodeWord(text), expected));
}

const subjects: readonly (readonly [subject: string, base: string])[] = [
  ["Hello", "Hello"],
  ["  Hello \t  world ", "Hello world"],
  ["Re: Hello", "Hello"],
  ["RE:re: Fwd: FW : Hello", "Hello"],
  ["Re[2]: Hello", "Hello"],
  ["Re [a] : Hello", "Hello"],
  ["[list] Hello", "Hello"],
  ["[a] [b] Re: [c] Hello", "Hello"],
  ["[a] Re: [b] Re: [c] Hello", "Hello"],
  ["[only blobs]", "[only blobs]"],
  ["[a] [b]", "[b]"],
  ["Re: [a]", "[a]"],
  ["Hello (fwd)", "Hello"],
  ["Hello (FWD)(fwd) (fwd) ", "Hello"],
  ["[Fwd: Hello]", "Hello"],
  ["[fwd: [Fwd: Re: Hello (fwd)]]", "Hello"],
  ["[fwd: open", "[fwd: open"],
  ["Re: [fwd: Re: Hello]", "Hello"],
  ["Re:", ""],
  ["(fwd)", ""],
  ["", ""],
  ["Reading: list", "Reading: list"],
  ["Forward: x", "Forward: x"],
  ["Re : =?utf-8?Q?Re=3A_=C3=9Cber?=", "Über"],
  ["[open Re: x", "[open Re: x"],
];

for (const [subject, base] of subjects) {
  Deno.test(`base subject: ${JSON.stringify(subject)}`, () => assert.equal(baseSubject(subject), base));
}
