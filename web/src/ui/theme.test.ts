import { DEFAULT_THEME, defaultCssVariablesResolver, mergeMantineTheme } from '@mantine/core';
import { describe, expect, test } from 'vitest';
import { cssVariables, STATUS_COLORS, theme } from './theme.ts';

const whole = mergeMantineTheme(DEFAULT_THEME, theme);
const SCHEMES = ['light', 'dark'] as const;
type Scheme = (typeof SCHEMES)[number];

/** The colour that a variable stands for in a scheme, as `#rrggbb`. */
function colorOf(name: string, scheme: Scheme): string {
  const [usual, ours] = [defaultCssVariablesResolver(whole), cssVariables(whole)];
  const values: Record<string, string> = { ...usual.variables, ...usual[scheme], ...ours.variables, ...ours[scheme] };
  let value = values[name];
  for (let steps = 0; steps < 5; steps += 1) {
    const [, inner] = /^var\((--[\w-]+)\)$/.exec(value ?? '') ?? [];
    if (inner === undefined) break;
    value = values[inner];
  }
  if (value === undefined) throw new Error(`There is no ${name} in the ${scheme} scheme.`);
  return toHex(value);
}

function toHex(value: string): string {
  const [, ...channels] = /^rgba?\((\d+), ?(\d+), ?(\d+)/.exec(value) ?? [];
  if (channels.length === 3)
    return `#${channels.map((channel) => Number(channel).toString(16).padStart(2, '0')).join('')}`;
  return value.length === 4 ? `#${[...value.slice(1)].map((digit) => digit + digit).join('')}` : value;
}

/** WCAG 2.2, relative luminance. */
function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

const text = (name: string, on: string) => ({ name: `--mantine-color-${name}`, on: `--mantine-color-${on}` });
const TEXTS = [
  ...['body', 'default', 'default-hover'].flatMap((on) => [text('text', on), text('dimmed', on), text('anchor', on)]),
  text('error', 'body'),
  text('error', 'default'),
  text('placeholder', 'default'),
  text('default-color', 'default'),
  text('default-color', 'default-hover'),
  ...['blue', 'red', 'gray'].flatMap((color) => [
    text(`${color}-light-color`, `${color}-light`),
    text(`${color}-light-color`, `${color}-light-hover`),
  ]),
  ...['blue', 'red'].flatMap((color) => [text('white', `${color}-filled`), text('white', `${color}-filled-hover`)]),
];

describe.each(SCHEMES)('in the %s scheme', (scheme) => {
  test.each(TEXTS)('$name can be read on $on', ({ name, on }) => {
    expect(contrast(colorOf(name, scheme), colorOf(on, scheme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(Object.entries(STATUS_COLORS[scheme]))('a status that is %s can be read', (_kind, { text, tint }) => {
    expect(contrast(text, tint)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(text, colorOf('--mantine-color-body', scheme))).toBeGreaterThanOrEqual(4.5);
  });

  test('the edge of a field can be seen', () => {
    const edge = colorOf('--mantine-color-default-border', scheme);
    expect(contrast(edge, colorOf('--mantine-color-body', scheme))).toBeGreaterThanOrEqual(3);
  });
});
