import { type UseFormReturnType, useForm } from '@mantine/form';
import { useState } from 'react';
import { type FieldError, Problem } from '../api/problem.ts';

/** A form whose faults are found by the API. */
export interface ApiForm<Values extends object> {
  fields: UseFormReturnType<Values>;
  /** Why the last try failed; null when it did not. */
  error: unknown;
  /** What is wrong that no field shows. */
  details: readonly FieldError[];
  isSending: boolean;
  /** For the form's `onSubmit`. */
  submit: (event?: React.FormEvent<HTMLFormElement>) => void;
}

interface ApiFormOptions<Values> {
  initialValues: Values;
  /** Sends the values. What it throws is shown: a problem at the fields that it points to. */
  send: (values: Values) => Promise<unknown>;
}

/**
 * A form that leaves judging to the API, and shows what that says where it belongs: `/retry/maxAttempts` at the field
 * `retry.maxAttempts`, and whatever has no field above the form. The focus goes to the first field at fault.
 */
export function useApiForm<Values extends object>({ initialValues, send }: ApiFormOptions<Values>): ApiForm<Values> {
  const fields = useForm<Values>({ initialValues });
  const [error, setError] = useState<unknown>(null);
  const [details, setDetails] = useState<readonly FieldError[]>([]);
  const [isSending, setIsSending] = useState(false);

  async function sendValues(values: Values): Promise<void> {
    setIsSending(true);
    setError(null);
    setDetails([]);
    try {
      await send(values);
    } catch (thrown) {
      show(thrown);
    } finally {
      setIsSending(false);
    }
  }

  function show(thrown: unknown): void {
    const faults = thrown instanceof Problem ? thrown.errors : [];
    const [placed, others] = sortFaults(faults, fields.values);
    fields.setErrors(Object.fromEntries(placed));
    setDetails(others);
    setError(thrown);
    const [first] = placed;
    if (first !== undefined) fields.getInputNode(first[0])?.focus();
  }

  return { fields, error, details, isSending, submit: fields.onSubmit(sendValues) };
}

/** Faults by the path of their field, and those that the values have no field for. */
export function sortFaults(faults: readonly FieldError[], values: object): [[string, string][], FieldError[]] {
  const placed = new Map<string, string>();
  const others: FieldError[] = [];
  for (const fault of faults) {
    const names = fault.pointer.split('/').slice(1).map(unescaped);
    if (names.length > 0 && hasMember(values, names)) placed.set(names.join('.'), fault.detail);
    else others.push(fault);
  }
  return [[...placed], others];
}

/** A part of a JSON pointer as a name (RFC 6901 §4). */
function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function hasMember(values: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true;
  return typeof values === 'object' && values !== null && name in values
    ? hasMember((values as Record<string, unknown>)[name], rest)
    : false;
}
