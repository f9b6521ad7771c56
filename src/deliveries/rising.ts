/**
 * Rising whole numbers as text: each as its distance from the one before, and a distance that repeats written once.
 * `[7, 8, 9, 12]` is `7 1x2 3`. What a filter picks out of a log is regular, so a million numbers make a short text.
 * Pure.
 */
export function packRising(numbers: readonly number[]): string {
  const words: string[] = [];
  let last = 0;
  let gap = 0;
  let times = 0;

  function write(): void {
    if (times > 0) words.push(times === 1 ? String(gap) : `${gap}x${times}`);
  }

  for (const number of numbers) {
    if (number - last !== gap) {
      write();
      gap = number - last;
      times = 0;
    }
    times += 1;
    last = number;
  }
  write();
  return words.join(' ');
}

/** The numbers in a text of `packRising`. Pure. */
export function unpackRising(text: string): number[] {
  const numbers: number[] = [];
  let last = 0;
  for (const word of text === '' ? [] : text.split(' ')) {
    const [gap, times = 1] = word.split('x').map(Number) as [number, number?];
    for (let i = 0; i < times; i += 1) {
      last += gap;
      numbers.push(last);
    }
  }
  return numbers;
}
