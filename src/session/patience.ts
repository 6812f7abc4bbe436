export interface PatienceLimits {
  /** Commands of any kind before log-in. */
  readonly commandsBeforeLogin: number;
  /** How many commands in a row may be wrong. */
  readonly badCommands: number;
}

/** How much nonsense a session listens to. */
export class Patience {
  readonly #limits: PatienceLimits;
  #badInARow = 0;
  #beforeLogin = 0;

  constructor(limits: PatienceLimits) {
    this.#limits = limits;
  }

  /** Notes one command; the result is what to say to a client that has had enough of them, else null. */
  note(command: { readonly isWrong: boolean; readonly isLoggedIn: boolean }): string | null {
    const { isWrong, isLoggedIn } = command;
    this.#beforeLogin = isLoggedIn ? 0 : this.#beforeLogin + 1;
    // Each of them may write to the log.
    if (this.#beforeLogin >= this.#limits.commandsBeforeLogin) return "Too many commands without a log-in";
    // Before log-in a good command does not make up for bad ones.
    if (isWrong) this.#badInARow++;
    else if (isLoggedIn) this.#badInARow = 0;
    return this.#badInARow >= this.#limits.badCommands ? "Too many commands were wrong" : null;
  }
}
