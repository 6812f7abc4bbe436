/** What our own users may send. */
export interface SubmissionSettings {
  /** The From and Sender fields must name addresses of the account, as the envelope must anyway. */
  readonly checkFrom: boolean;
  /** How many recipients elsewhere an account may write to in 24 hours; null for any number. */
  readonly recipientsPerDay: number | null;
  /** How many of them may be addresses that it never wrote to before. */
  readonly newRecipientsPerDay: number | null;
}

export const defaultSubmissionSettings: SubmissionSettings = {
  checkFrom: true,
  recipientsPerDay: 1000,
  newRecipientsPerDay: 200,
};
