/** That an operator's hooks are told of a failure, and what came of it: once for each, whoever leads. */
import { type Detection, detectionKey } from '../../recovery/telling/detections.js';
import type { StepOutcome } from '../../recovery/step.js';
import { type Draft, type Fact, fact, rejected } from '../draft.js';
import { nameOf } from './names.js';

export function applyDetectionIntended(
  draft: Draft,
  detection: Omit<Detection, 'detectedAtMs' | 'outcome'>,
): readonly Fact[] {
  const { server, clusterId, facts, term, attempt, id } = detection;
  const key = detectionKey(detection);
  const known = draft.detections.get(key);
  if (!draft.servers.has(server)) return rejected('a detection of a server that is not known', server);
  if (known !== undefined && term < known.term) {
    return rejected(`a leader of term ${String(term)} was followed by one of term ${String(known.term)}`, server);
  }
  const detectedAtMs = known?.id === id ? known.detectedAtMs : draft.nowMs;
  draft.detections.set(key, { ...detection, detectedAtMs, outcome: null });
  const again = attempt > 1 ? ` (attempt ${String(attempt)})` : '';
  return [fact('detection', `${facts.failureType} on ${nameOf(draft, server)} is told${again}`, server, clusterId)];
}

export function applyDetectionFinished(draft: Draft, key: string, id: string, outcome: StepOutcome): readonly Fact[] {
  const known = draft.detections.get(key);
  if (known === undefined || known.id !== id || known.outcome !== null) {
    return rejected(`detection ${id} is not being told`);
  }
  draft.detections.set(key, { ...known, outcome });
  const how = outcome.ok ? 'was told' : `was told in vain: ${outcome.error}`;
  const text = `${known.facts.failureType} on ${nameOf(draft, known.server)} ${how}`;
  return [fact('detection-told', text, known.server, known.clusterId)];
}
