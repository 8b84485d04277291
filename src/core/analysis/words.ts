/** Lists and durations as a person would say them, for the reasons that go with every finding. */
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1] ?? ''}`;
}

export function seconds(ms: number): string {
  const value = Math.max(0, ms) / 1000;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} s`;
}

/** `2 replicas`, `1 replica`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
