"""What stands in the PDF documents: data through templates to HTML, for the job runner and for a page that asks."""
