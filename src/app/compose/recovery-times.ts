/** How long acting waits for a server, as the configuration bounds it. */
import { RECOVERY_TIMES, type RecoveryTimes } from '../../runtime/recovery/recovery-parts.js';
import type { Config } from '../config/config.js';

export function recoveryTimes({ mysql: { connectTimeoutMs } }: Config): RecoveryTimes {
  return { ...RECOVERY_TIMES, connectMs: Math.min(RECOVERY_TIMES.connectMs, connectTimeoutMs) };
}
