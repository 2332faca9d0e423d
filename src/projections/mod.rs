//! What readers see: tables that can be thrown away and grown again.
