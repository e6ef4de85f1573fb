"""Form versions as data: what is asked, of whom, with which words; published ones never change."""
