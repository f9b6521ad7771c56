import { Anchor, type AnchorProps, Button, type ButtonProps, Menu, type MenuItemProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { ComponentProps } from 'react';

type OfLink<Props> = Props & Omit<ComponentProps<'a'>, keyof Props>;

function AnchorOfPage(props: OfLink<AnchorProps>) {
  return <Anchor {...props} />;
}

function ButtonOfPage(props: OfLink<ButtonProps>) {
  return <Button component="a" {...props} />;
}

function MenuItemOfPage(props: OfLink<MenuItemProps>) {
  return <Menu.Item component="a" {...props} />;
}

/** A link to a page of ours: `to`, `params` and `search` are checked against the routes. */
export const PageLink = createLink(AnchorOfPage);

/** The same, as a button. */
export const PageButton = createLink(ButtonOfPage);

/** The same, as an item of a menu. */
export const PageMenuItem = createLink(MenuItemOfPage);
