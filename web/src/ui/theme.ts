import { type CSSVariablesResolver, createTheme, Drawer, Modal, SegmentedControl, Table, Tooltip } from '@mantine/core';

/** What a status says of a thing. The word beside it says the rest. */
export type StatusKind = 'good' | 'bad' | 'waiting' | 'busy' | 'neutral';

/** Text on its tint, for each status: readable in either scheme, which `theme.test.ts` computes. */
export const STATUS_COLORS: Record<'light' | 'dark', Record<StatusKind, { text: string; tint: string }>> = {
  light: {
    good: { text: '#14612f', tint: '#e3f4e8' },
    bad: { text: '#a61b14', tint: '#fdeceb' },
    waiting: { text: '#6f4700', tint: '#fff3d1' },
    busy: { text: '#12528f', tint: '#e4f1fc' },
    neutral: { text: '#43494f', tint: '#eef0f2' },
  },
  dark: {
    good: { text: '#93e6ad', tint: '#15331f' },
    bad: { text: '#ffb7b0', tint: '#481714' },
    waiting: { text: '#ffd684', tint: '#3b2c07' },
    busy: { text: '#a8d9ff', tint: '#0e2e49' },
    neutral: { text: '#cfd2d5', tint: '#313336' },
  },
};

/**
 * Mantine as it comes does not reach the contrast of WCAG 2.2 AA (4.5:1): blue buttons have 3.56:1, dimmed text 3.32:1.
 * The darker shades do, and what follows replaces the colours that are not taken from them.
 */
export const theme = createTheme({
  primaryColor: 'blue',
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  cursorType: 'pointer',
  respectReducedMotion: true,
  defaultRadius: 'sm',
  components: {
    // A page has one banner, and the heading of a dialog is none.
    Drawer: Drawer.extend({ defaultProps: { attributes: { header: { role: 'none' } } } }),
    Modal: Modal.extend({ defaultProps: { centered: true, attributes: { header: { role: 'none' } } } }),
    // Its colours would fade over, whatever a person prefers.
    SegmentedControl: SegmentedControl.extend({ defaultProps: { transitionDuration: 0 } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 'xs', highlightOnHover: true } }),
    Tooltip: Tooltip.extend({ defaultProps: { events: { hover: true, focus: true, touch: true } } }),
  },
});

function statusVariables(scheme: 'light' | 'dark'): Record<string, string> {
  return Object.fromEntries(
    Object.entries(STATUS_COLORS[scheme]).flatMap(([kind, { text, tint }]) => [
      [`--status-${kind}-text`, text],
      [`--status-${kind}-tint`, tint],
    ]),
  );
}

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-7)',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
    '--mantine-color-red-filled': 'var(--mantine-color-red-9)',
    '--mantine-color-red-filled-hover': 'var(--mantine-color-red-8)',
    '--mantine-color-red-light-color': STATUS_COLORS.light.bad.text,
    '--mantine-color-blue-light-color': STATUS_COLORS.light.busy.text,
    '--mantine-color-green-light': STATUS_COLORS.light.good.tint,
    '--mantine-color-green-light-color': STATUS_COLORS.light.good.text,
    '--mantine-color-default-border': 'var(--mantine-color-gray-6)',
    ...statusVariables('light'),
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-placeholder': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': 'var(--mantine-color-red-4)',
    '--mantine-color-red-filled': 'var(--mantine-color-red-9)',
    '--mantine-color-red-filled-hover': 'var(--mantine-color-red-8)',
    '--mantine-color-green-light': STATUS_COLORS.dark.good.tint,
    '--mantine-color-green-light-color': STATUS_COLORS.dark.good.text,
    '--mantine-color-default-border': 'var(--mantine-color-dark-2)',
    ...statusVariables('dark'),
  },
});
