"""Forms that strangers fill in: builder, versions, public pages, submissions and who may read which answer."""
