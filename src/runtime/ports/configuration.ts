/** The configuration of this very node, for the doors through which an administrator may have it read again. */
import type { Answer } from './answer.js';

export interface Configuration {
  /**
   * Reads the files again, and one more where it is named. All or nothing: a refusal says every fault and changes nothing;
   * the answer says what is in force now and what needs a restart.
   */
  reload(extraFile: string | null): Promise<Answer<string>>;
}
