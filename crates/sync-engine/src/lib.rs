//! Pure planner of the two-way sync: values, mapping, links, plans.
