//! What we do because something happened: the only room that acts on the world.
