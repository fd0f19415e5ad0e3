"""Files of five banks as they export them; the banks, and what stands in them, are fiction."""

UK = b"""Date,Type,Description,Paid out,Paid in,Balance
20/11/2026,FPI,"BRIGHTWATER LTD INV 2026-0001",,"3,600.00","18,204.11"
21/11/2026,DD,"KILN LANE SERVICES",84.20,,"18,119.91"
23/11/2026,FPI,"HADDAD B 2026 2",,300.00,"18,419.91"
23/11/2026,FPI,"HADDAD B 2026 2",,300.00,"18,719.91"
"""
"""A high-street bank in Britain: two columns of amounts, days first, and two lines that are the same."""

GERMAN = """Kontoinhaber;Northbank GmbH
Zeitraum;20.11.26 - 23.11.26;;;;;;;

Auftragskonto;Buchungstag;Buchungstext;Verwendungszweck;Zahlungspflichtiger;Kontonummer/IBAN;Betrag;Währung
DE02120300000000202051;20.11.26;GUTSCHRIFT;RE 2026 0001;Brightwater Europe GmbH;DE89370400440532013000;4.284,00;EUR
DE02120300000000202051;23.11.26;LASTSCHRIFT;Büromiete;Grünwald Immobilien;DE75512108001245126199;-1.190,50;EUR
DE02120300000000202051;23.11.26;ENTGELT;Kontoführung;;;-7,90;EUR
""".encode("cp1252")
"""Semicolons, commas, years of two figures, letters as Windows has them, and three lines above the headings."""

US = b"""Details,Posting Date,Description,Amount,Type,Balance
CREDIT,11/20/2026,"WIRE IN BRIGHTWATER INC REF INVOICE 20260001",5400.00,WIRE_INCOMING,22040.10
DEBIT,11/23/2026,"CARD PURCHASE OFFICE SUPPLY",-42.17,DEBIT_CARD,21997.93
"""

FINTECH = b"""Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance
TRANSFER,Current,2026-11-20 09:12:44,2026-11-20 09:12:45,From Brightwater Ltd 2026-0001,3600.00,0,GBP,COMPLETED,921.00
TRANSFER,Current,2026-11-20 10:00:00,2026-11-20 10:00:02,From Brightwater KK,540000,0,JPY,COMPLETED,540000
CARD_PAYMENT,Current,2026-11-23 18:01:10,,Cafe,-4.20,0.00,GBP,PENDING,
CARD_PAYMENT,Current,2026-11-22 18:01:10,2026-11-23 02:11:09,Trains,-61.40,0.00,GBP,REVERTED,9148.60
"""
"""Several currencies in one file, and lines that are not booked."""

CAMT_OLD = b"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-23T06:00:00</CreDtTm></GrpHdr>
<Stmt><Id>1</Id><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>
<Ntry><Amt Ccy="EUR">4284.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
<BookgDt><Dt>2026-11-20</Dt></BookgDt><ValDt><Dt>2026-11-20</Dt></ValDt>
<NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
<RltdPties><Dbtr><Nm>Brightwater Europe GmbH</Nm></Dbtr>
<DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Ustrd>RE 2026-0001</Ustrd><Ustrd>Fuehrungskraefte-Coaching</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">600.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-21</Dt></BookgDt>
<NtryDtls><Btch><NbOfTxs>2</NbOfTxs></Btch>
<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">250.00</Amt></TxAmt></AmtDtls>
<RltdPties><Dbtr><Nm>Ida Berg</Nm></Dbtr></RltdPties>
<RmtInf><Ustrd>2026-0002</Ustrd></RmtInf></TxDtls>
<TxDtls><AmtDtls><TxAmt><Amt Ccy="EUR">350.00</Amt></TxAmt></AmtDtls>
<RltdPties><Dbtr><Nm>Bo Holm</Nm></Dbtr></RltdPties>
<RmtInf><Ustrd>2026-0003</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">250.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd>
<Sts>BOOK</Sts><BookgDt><Dt>2026-11-22</Dt></BookgDt>
<NtryDtls><TxDtls><RltdPties><Cdtr><Nm>Ida Berg</Nm></Cdtr></RltdPties>
<RmtInf><Ustrd>2026-0002</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="EUR">99.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts><BookgDt><Dt>2026-11-24</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""
"""Version 2: a batch of two, a payment that was taken back, and one that is only announced."""

CAMT_NEW = b"""<?xml version="1.0" encoding="UTF-8"?>
<c:Document xmlns:c="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><c:BkToCstmrStmt>
<c:GrpHdr><c:MsgId>2</c:MsgId></c:GrpHdr>
<c:Stmt><c:Acct><c:Id><c:Othr><c:Id>00012345</c:Id></c:Othr></c:Id></c:Acct>
<c:Ntry><c:Amt Ccy="CHF">5400.50</c:Amt><c:CdtDbtInd>CRDT</c:CdtDbtInd><c:Sts><c:Cd>BOOK</c:Cd></c:Sts>
<c:BookgDt><c:DtTm>2026-11-20T11:22:33+01:00</c:DtTm></c:BookgDt>
<c:NtryDtls><c:TxDtls><c:Refs><c:EndToEndId>2026-0001</c:EndToEndId></c:Refs>
<c:Amt Ccy="CHF">5400.50</c:Amt><c:CdtDbtInd>CRDT</c:CdtDbtInd>
<c:RltdPties><c:Dbtr><c:Pty><c:Nm>Brightwater AG</c:Nm></c:Pty></c:Dbtr></c:RltdPties>
<c:RmtInf><c:Strd><c:CdtrRefInf><c:Ref>RF18539007547034</c:Ref></c:CdtrRefInf></c:Strd></c:RmtInf></c:TxDtls></c:NtryDtls></c:Ntry>
<c:Ntry><c:Amt Ccy="CHF">12.00</c:Amt><c:CdtDbtInd>DBIT</c:CdtDbtInd><c:Sts><c:Cd>BOOK</c:Cd></c:Sts>
<c:ValDt><c:Dt>2026-11-21</c:Dt></c:ValDt><c:AddtlNtryInf>Account fee</c:AddtlNtryInf></c:Ntry>
</c:Stmt></c:BkToCstmrStmt></c:Document>
"""
"""Version 8, another bank: prefixes, names a level deeper, a structured reference."""
