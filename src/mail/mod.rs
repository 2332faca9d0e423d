//! How mail is written and handed over; knows nothing of tenants, HTTP or tables.
