-- Alipay's certificate mode: three certificates, of which Alipay's own holds the public key that stands beside them.

alter table alipay_accounts add column app_cert_pem text;
alter table alipay_accounts add column alipay_cert_pem text;
alter table alipay_accounts add column alipay_root_cert_pem text;
alter table alipay_accounts add constraint alipay_accounts_certificates
  check (num_nulls(app_cert_pem, alipay_cert_pem, alipay_root_cert_pem) in (0, 3));
