import './data-table.css';
import { Table, VisuallyHidden } from '@mantine/core';
import { memo, type ReactNode, useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** One column: its heading, and what it shows of an item. */
export interface Column<T> {
  heading: string;
  cell: (item: T) => ReactNode;
  /** Whether its cells name their row, for those who have it read to them. */
  isRowHeader?: boolean;
  /** Whether it is as narrow as what it shows, in one line. */
  isNarrow?: boolean;
}

interface DataTableProps<T> {
  /** What the table holds. Shown to those who do not see the heading above it. */
  caption: string;
  /** The same from one render to the next, where rows that have not changed should not be rendered again. */
  columns: readonly Column<T>[];
  items: readonly T[];
  /** What can be done with an item: buttons in the last column. */
  actions?: (item: T) => ReactNode;
}

/** More than a screen shows. What follows them is rendered once they can be seen. */
const FIRST_ROWS = 20;

/**
 * Items in a table that stays one on a narrow screen too, where it can be moved sideways. Others come in a few rows at a
 * time, so that the page answers meanwhile.
 */
export function DataTable<T extends { id: string }>({ caption, columns, items, actions }: DataTableProps<T>) {
  const { t } = useTranslation();
  const [first] = useState(() => items.slice(0, FIRST_ROWS));
  const shown = useDeferredValue(items, first);
  return (
    <Table.ScrollContainer minWidth={600}>
      <Table>
        <caption className="hidden-caption">{caption}</caption>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ heading }) => (
              <Table.Th key={heading} scope="col">
                {heading}
              </Table.Th>
            ))}
            {actions !== undefined && (
              <Table.Th scope="col">
                <VisuallyHidden>{t('common.actions')}</VisuallyHidden>
              </Table.Th>
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map((item) => (
            <Row key={item.id} item={item} columns={columns} actions={actions} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

interface RowProps<T> extends Pick<DataTableProps<T>, 'columns'> {
  item: T;
  actions: DataTableProps<T>['actions'] | undefined;
}

const Row = memo(RowOf) as typeof RowOf;

function RowOf<T>({ item, columns, actions }: RowProps<T>) {
  return (
    <Table.Tr>
      {columns.map(({ heading, cell, isRowHeader = false, isNarrow = false }) =>
        isRowHeader ? (
          <Table.Th key={heading} scope="row" className="long-text row-header">
            {cell(item)}
          </Table.Th>
        ) : (
          <Table.Td key={heading} className={isNarrow ? 'narrow-cell' : undefined}>
            {cell(item)}
          </Table.Td>
        ),
      )}
      {actions !== undefined && <Table.Td align="right">{actions(item)}</Table.Td>}
    </Table.Tr>
  );
}
