/**
 * Whether a text is what a pattern says, in which `*` stands for any characters and all others for themselves. It never
 * takes more steps than the two lengths multiplied, whatever the pattern.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let [at, patternAt] = [0, 0];
  // Where the last star stood, and what it has taken so far: there it goes on when what follows does not fit.
  let [star, taken] = [-1, 0];
  while (at < text.length) {
    if (pattern[patternAt] === "*") {
      [star, taken] = [patternAt, at];
      patternAt++;
    } else if (pattern[patternAt] === text[at]) {
      at++;
      patternAt++;
    } else if (star >= 0) {
      taken++;
      [patternAt, at] = [star + 1, taken];
    } else return false;
  }
  while (pattern[patternAt] === "*") patternAt++;
  return patternAt === pattern.length;
}
