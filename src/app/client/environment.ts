/**
 * Settings from around the command line: the environment, and the profile file that the incumbent's script reads first.
 * Of that file only plain assignments to our own variables are taken; it is a shell script, and none is run here.
 */
import { readFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

export const PROFILE_FILE = '/etc/profile.d/orchestrator-client.sh';

export function readEnvironment(environment: Environment, profileFile: string): Environment {
  let profile: string;
  try {
    profile = readFileSync(profileFile, 'utf8');
  } catch {
    return environment;
  }
  const assigned: Record<string, string> = {};
  for (const line of profile.split('\n')) {
    const match = /^\s*(?:export\s+)?(ORCHESTRATOR_\w+)=(?:"([^"$`\\]*)"|'([^']*)'|([^\s"'$`\\;#]*))\s*(?:#.*)?$/.exec(
      line,
    );
    if (match?.[1] !== undefined) assigned[match[1]] = match[2] ?? match[3] ?? match[4] ?? '';
  }
  return { ...environment, ...assigned };
}
