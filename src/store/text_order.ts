/**
 * A text whose plain comparison by UTF-16 units is the order of its UTF-8 bytes, as i;unicode-casemap has it (RFC 5051 section 2):
 * characters beyond the first plane, which are written with the units D800 to DFFF, come after E000 to FFFF.
 */
export function byteOrdered(text: string): string {
  return text.replace(
    /[\ud800-\uffff]/g,
    (unit) => {
      const code = unit.charCodeAt(0);
      return String.fromCharCode(code < 0xe000 ? code + 0x2000 : code - 0x800);
    },
  );
}
