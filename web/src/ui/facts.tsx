import './facts.css';
import { Code } from '@mantine/core';
import type { ReactNode } from 'react';

interface FactsProps {
  facts: readonly (readonly [name: string, value: ReactNode])[];
  /** Whether values are shown letter by letter, as machines write them. */
  isCode?: boolean;
  /** Whether they stand beside each other, as what is to be seen first of a thing. */
  isStrip?: boolean;
}

/** Names and what there is to say of each. Values of every length are shown whole. */
export function Facts({ facts, isCode = false, isStrip = false }: FactsProps) {
  return (
    <dl className={isStrip ? 'facts is-strip' : 'facts'}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{isCode ? <Code>{value}</Code> : value}</dd>
        </div>
      ))}
    </dl>
  );
}
